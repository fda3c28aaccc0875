/** Whether a file is worth sending: looked at before a long upload, decided for good by the service. */
import { m } from '$messages';
import type { Schemas } from './api';

type Limits = Pick<
  Schemas['RecordingLimits'],
  'max_upload_bytes' | 'max_duration_seconds' | 'min_duration_seconds'
>;

interface Checked {
  /** Null where the browser cannot tell. */
  seconds: number | null;
  /** Why it is not taken, in words; null when it may be sent. */
  refusal: string | null;
}

/** Endings of recordings, for systems that do not tell the kind of a file. */
const ENDINGS =
  'aac ac3 aif aiff amr ape au avi caf eac3 flac flv m4a m4v mka mkv mov mp2 mp3 mp4 mpeg mpg oga ogg ogv opus tta w64 wav wave weba webm wma wmv wv 3gp'.split(
    ' ',
  );
/** For a file picker. */
export const ACCEPT = ['audio/*', 'video/*', ...ENDINGS.map((ending) => `.${ending}`)].join(',');
const PATIENCE_MS = 4000;

/** `limits`: the service's; null while they are not known. */
export async function checkRecording(
  file: File,
  limits: Limits | null,
  measure: (file: File) => Promise<number | null> = secondsOf,
): Promise<Checked> {
  const refuse = (refusal: string): Checked => ({ seconds: null, refusal });
  if (!isRecording(file)) return refuse(m.transcribe.refused.kind);
  if (file.size === 0) return refuse(m.transcribe.refused.empty);
  if (limits && file.size > limits.max_upload_bytes) {
    return refuse(m.transcribe.refused.large(limits.max_upload_bytes));
  }
  const seconds = await measure(file);
  return { seconds, refusal: limits && seconds !== null ? lengthFault(seconds, limits) : null };
}

function lengthFault(seconds: number, limits: Limits): string | null {
  if (seconds > limits.max_duration_seconds) return m.transcribe.refused.long(limits.max_duration_seconds);
  return seconds < limits.min_duration_seconds ? m.transcribe.refused.short : null;
}

function isRecording({ name, type }: File): boolean {
  const ending = name.includes('.') ? (name.split('.').pop() ?? '').toLowerCase() : '';
  return /^(audio|video)\//.test(type) || ENDINGS.includes(ending) || type === 'application/ogg';
}

/** How long a recording is; null where this browser cannot read it (the service may). */
async function secondsOf(file: Blob): Promise<number | null> {
  const url = URL.createObjectURL(file);
  const audio = new Audio();
  const seconds = new Promise<number | null>((found) => {
    audio.addEventListener('loadedmetadata', () => found(audio.duration));
    audio.addEventListener('error', () => found(null));
    setTimeout(found, PATIENCE_MS, null);
  });
  audio.preload = 'metadata';
  audio.src = url;
  try {
    const found = await seconds;
    return found !== null && Number.isFinite(found) ? found : null;
  } finally {
    audio.removeAttribute('src');
    URL.revokeObjectURL(url);
  }
}
