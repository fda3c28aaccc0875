/** Whether a file is worth sending: looked at before a long upload, decided for good by the service. */
import { m } from '$messages';
import type { Limits } from './limits';

export interface Checked {
  /** Null where the browser cannot tell. */
  seconds: number | null;
  /** Why it is not taken, in words; null when it may be sent. */
  refusal: string | null;
}

/** Endings of recordings, for systems that do not tell the kind of a file. */
export const ENDINGS =
  'aac ac3 aif aiff amr ape au avi caf eac3 flac flv m4a m4v mka mkv mov mp2 mp3 mp4 mpeg mpg oga ogg ogv opus tta w64 wav wave weba webm wma wmv wv 3gp'.split(
    ' ',
  );
/** For a file picker. */
export const ACCEPT = ['audio/*', 'video/*', ...ENDINGS.map((ending) => `.${ending}`)].join(',');
const SHORTEST_SECONDS = 0.5;
const PATIENCE_MS = 4000;

export async function checkRecording(
  file: File,
  limits: Limits,
  measure: (file: File) => Promise<number | null> = secondsOf,
): Promise<Checked> {
  const refuse = (refusal: string): Checked => ({ seconds: null, refusal });
  if (!isRecording(file)) return refuse(m.transcribe.refused.kind);
  if (file.size === 0) return refuse(m.transcribe.refused.empty);
  if (file.size > limits.mostBytes) return refuse(m.transcribe.refused.large(limits.mostBytes));
  const seconds = await measure(file);
  if (seconds !== null && seconds > limits.mostSeconds) {
    return { seconds, refusal: m.transcribe.refused.long(limits.mostSeconds) };
  }
  if (seconds !== null && seconds < SHORTEST_SECONDS) {
    return { seconds, refusal: m.transcribe.refused.short };
  }
  return { seconds, refusal: null };
}

function isRecording({ name, type }: File): boolean {
  const ending = name.includes('.') ? (name.split('.').pop() ?? '').toLowerCase() : '';
  return /^(audio|video)\//.test(type) || ENDINGS.includes(ending) || type === 'application/ogg';
}

/** How long a recording is; null where this browser cannot read it (the service may). */
export async function secondsOf(file: Blob): Promise<number | null> {
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
