/** The outline of a recording: small enough to draw at once, made a piece at a time so that the page stays quick. */
import { breathe } from '$lib/services/painted';

const DECODED_HZ = 8000;
const PEAKS_PER_SECOND = 50;
const CHUNK_PEAKS = 1000;

/** Greatest deflection of each fiftieth of a second, -1 to 1. Throws when the browser cannot read the recording. */
export async function peaksOf(recording: Blob): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, 1, DECODED_HZ);
  const audio = await context.decodeAudioData(await recording.arrayBuffer());
  return outlineOf(audio.getChannelData(0), audio.sampleRate / PEAKS_PER_SECOND);
}

/** The sample farthest from zero of each `step` samples. */
async function outlineOf(samples: Float32Array, step: number): Promise<Float32Array> {
  const peaks = new Float32Array(Math.ceil(samples.length / step));
  for (let index = 0; index < peaks.length; index++) {
    peaks[index] = farthest(samples, Math.round(index * step), Math.round((index + 1) * step));
    if (index % CHUNK_PEAKS === CHUNK_PEAKS - 1) await breathe();
  }
  return peaks;
}

function farthest(samples: Float32Array, start: number, end: number): number {
  let peak = 0;
  for (let index = Math.min(end, samples.length); index-- > start;) {
    const sample = samples[index] ?? 0;
    if (Math.abs(sample) > Math.abs(peak)) peak = sample;
  }
  return peak;
}
