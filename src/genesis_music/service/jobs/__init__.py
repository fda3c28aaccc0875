"""Work that was accepted: its states, its queue, its workers, its retries."""
