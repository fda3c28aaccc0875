/** Recording from the microphone, as the guitar sounds: nothing that a telephone call would need is left on. */
import { m } from '$messages';

const KINDS = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const BITS_PER_SECOND = 192_000;
const TICK_MS = 100;
/** Peaks of a sample, 0 to 1. */
const QUIET = 0.02;
const LOUD = 0.98;
/** How long it has to stay quiet until it is worth a word. */
const QUIET_SECONDS = 3;

type MicrophoneState = 'idle' | 'asking' | 'recording' | 'done' | 'failed';

export class Microphone {
  state = $state<MicrophoneState>('idle');
  seconds = $state(0);
  /** The loudest of the last moment, 0 to 1. */
  level = $state(0);
  isQuiet = $state(false);
  isLoud = $state(false);
  fault = $state('');
  file = $state.raw<File | null>(null);
  #recorder: MediaRecorder | undefined;
  #context: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;

  /** Begin; `mostSeconds` later it stops by itself. */
  async start(mostSeconds: number): Promise<void> {
    this.close();
    this.state = 'asking';
    try {
      const stream = await openMicrophone();
      if (this.state !== 'asking') return stopTracks(stream); // closed meanwhile
      this.#record(stream);
      this.#measure(stream, mostSeconds);
      this.state = 'recording';
    } catch (error) {
      this.close();
      this.fault = faultOf(error);
      this.state = 'failed';
    }
  }

  stop(): void {
    if (this.#recorder?.state === 'recording') this.#recorder.stop();
  }

  /** Let go of the microphone and of what was recorded. */
  close(): void {
    if (this.#recorder) this.#recorder.onstop = null;
    this.stop();
    this.#letGo();
    this.state = 'idle';
    this.file = null;
    this.seconds = this.level = 0;
    this.isQuiet = this.isLoud = false;
    this.fault = '';
  }

  #record(stream: MediaStream): void {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    const recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: BITS_PER_SECOND,
      ...(mimeType && { mimeType }),
    });
    const pieces: Blob[] = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = () => {
      this.#letGo();
      this.file = fileOf(pieces, recorder.mimeType);
      this.state = 'done';
    };
    recorder.start(1000);
    this.#recorder = recorder;
  }

  #measure(stream: MediaStream, mostSeconds: number): void {
    this.#context = new AudioContext();
    void this.#context.resume(); // some browsers begin in silence
    const analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const startedAt = (this.#heardAt = performance.now());
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const now = performance.now();
      this.seconds = (now - startedAt) / 1000;
      this.#judge(Math.max(...samples.map(Math.abs)), now);
      if (this.seconds >= mostSeconds) this.stop();
    }, TICK_MS);
  }

  #judge(peak: number, now: number): void {
    this.level = Math.min(peak, 1);
    if (peak > QUIET) this.#heardAt = now;
    this.isQuiet = now - this.#heardAt > QUIET_SECONDS * 1000;
    this.isLoud = peak >= LOUD;
  }

  #letGo(): void {
    clearInterval(this.#timer);
    if (this.#recorder) stopTracks(this.#recorder.stream);
    void this.#context?.close();
    this.#recorder = this.#context = undefined;
  }
}

function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices || !('MediaRecorder' in globalThis)) {
    throw new DOMException('', 'NotSupportedError');
  }
  return navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function fileOf(pieces: Blob[], type: string): File {
  const kind = type.split(';')[0] ?? '';
  const ending = kind.includes('mp4') ? 'm4a' : kind.includes('ogg') ? 'ogg' : 'webm';
  const when = new Date().toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const name = `${m.transcribe.recorder.name(when.replaceAll(/[:/\\]/g, '.'))}.${ending}`;
  return new File(pieces, name, { type: kind });
}

function faultOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotFoundError' || name === 'NotReadableError') return m.transcribe.recorder.missing;
  if (name === 'NotAllowedError' || name === 'SecurityError') return m.transcribe.recorder.denied;
  return m.transcribe.recorder.unsupported;
}
