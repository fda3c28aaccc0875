/** The bundled recording, transcribed by this service like any other song. */
import { api, dataOf, failureOf, ServiceError } from './api';

const RECORDING = '/example/morning-porch.ogg';
const TITLE = 'morning-porch';

/** The transcription of the example: the one there is, or a new one that has just begun. Throws a `ServiceError`. */
export async function exampleTab(): Promise<string> {
  const query = { q: TITLE, limit: 1, status: ['complete' as const] };
  const { items } = await dataOf(api.GET('/api/v1/transcribe', { params: { query } }));
  return items[0]?.id ?? (await transcribe());
}

async function transcribe(): Promise<string> {
  const recording = await fetch(RECORDING).catch((error: unknown) => {
    throw new ServiceError(failureOf(error));
  });
  if (!recording.ok) throw new ServiceError(failureOf(null, recording));
  const form = new FormData();
  form.append('file', await recording.blob(), `${TITLE}.ogg`);
  const { transcription_id } = await dataOf(
    api.POST('/api/v1/transcribe', {
      body: form as never,
      bodySerializer: (body: unknown) => body as FormData,
    }),
  );
  return transcription_id;
}
