"""The web service around the pipeline: API, live progress, queue, accounts, storage (extra ``service``)."""
