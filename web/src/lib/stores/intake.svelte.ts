/**
 * Songs on their way in: dropped, pasted, recorded or linked, then checked, sent and accepted. They live beside the
 * pages, so that an upload goes on while another page is looked at.
 */
import { api, dataOf, failureOf } from '$lib/services/api';
import { auth } from '$lib/services/auth';
import { requestOf, type Choices } from '$lib/services/choices';
import { uniqueId } from '$lib/services/ids';
import { isPassing, Patience } from '$lib/services/patience';
import { checkRecording } from '$lib/services/recordings';
import { Upload } from '$lib/services/upload';
import { m } from '$messages';
import { installation } from './configuration.svelte';

type SongState =
  | 'checking'
  | 'ready'
  /** Not taken: the wrong kind, too large, too long. */
  | 'refused'
  /** Started; another song is being sent first. */
  | 'queued'
  | 'sending'
  | 'paused'
  /** The network or the service is away, or they have to sign in; it goes on by itself. */
  | 'waiting'
  | 'accepted'
  | 'failed';

const UNSENT = new Set<SongState>(['ready', 'failed']);
const UNDER_WAY = new Set<SongState>(['queued', 'sending', 'paused', 'waiting']);

/** One song on its way. */
export class Song {
  state = $state<SongState>('checking');
  /** What is wrong, in words; empty when nothing is. */
  message = $state('');
  reference = $state('');
  seconds = $state<number | null>(null);
  /** How much has been sent, 0 to 1. */
  share = $state(0);
  transcriptionId = $state('');
  upload: Upload | undefined;
  patience = new Patience();
  /** Do not go on after signing in. */
  callOff: () => void = () => undefined;
  /** A link that is sent twice, because the first answer was lost, is one song. */
  readonly key = uniqueId();

  constructor(
    readonly name: string,
    readonly source: File | string,
  ) {}

  get file(): File | null {
    return this.source instanceof File ? this.source : null;
  }
}

class Intake {
  songs = $state<Song[]>([]);

  constructor() {
    addEventListener('beforeunload', (event) => {
      if (this.songs.some((song) => UNDER_WAY.has(song.state))) event.preventDefault();
    });
  }

  get isSending(): boolean {
    return this.songs.some((song) => UNDER_WAY.has(song.state));
  }

  get unsent(): Song[] {
    return this.songs.filter((song) => UNSENT.has(song.state));
  }

  /** Take files in and look at them. */
  async addFiles(files: Iterable<File>): Promise<void> {
    const songs = [...files].map((file) => new Song(file.name, file));
    this.songs.push(...songs);
    await Promise.all(songs.map((song) => this.#check(song)));
  }

  addLink(url: string): void {
    const song = new Song(url, url);
    song.state = 'ready';
    this.songs.push(song);
  }

  async #check(song: Song): Promise<void> {
    if (!song.file) return;
    await installation.load();
    const { seconds, refusal } = await checkRecording(song.file, installation.limits);
    song.seconds = seconds;
    song.state = refusal === null ? 'ready' : 'refused';
    song.message = refusal ?? '';
  }

  /** Send all that is ready, one after the other. */
  start(choices: Choices): void {
    for (const song of this.unsent) {
      song.message = song.reference = '';
      song.state = 'queued';
      song.upload = song.file ? this.#uploadOf(song, song.file, choices) : undefined;
      if (!song.file) void this.#sendLink(song, choices);
    }
    this.#next();
  }

  pause(song: Song): void {
    song.upload?.pause();
    song.state = 'paused';
    this.#next();
  }

  resume(song: Song): void {
    song.state = 'queued';
    this.#next();
  }

  /** Take a song off the list; an upload under way is given up. */
  remove(song: Song): void {
    song.patience.stop();
    song.callOff();
    if (UNDER_WAY.has(song.state)) song.upload?.cancel();
    this.songs = this.songs.filter((other) => other !== song);
    this.#next();
  }

  /** Forget what has been accepted. */
  clearAccepted(): void {
    this.songs = this.songs.filter((song) => song.state !== 'accepted');
  }

  #next(): void {
    if (this.songs.some((song) => song.file && (song.state === 'sending' || song.state === 'waiting')))
      return;
    const song = this.songs.find(({ file, state }) => file && state === 'queued');
    if (!song) return;
    song.state = 'sending';
    void song.upload?.start();
  }

  #uploadOf(song: Song, file: File, choices: Choices): Upload {
    return new Upload(file, choices, {
      progress: (share) => {
        song.share = share;
        song.state = 'sending';
        song.message = '';
      },
      waiting: ({ status }) => this.#waits(song, status),
      accepted: (id) => this.#accepted(song, id),
      failed: (failure) => this.#failed(song, failure),
    });
  }

  async #sendLink(song: Song, choices: Choices): Promise<void> {
    song.state = 'sending';
    try {
      const { transcription_id } = await dataOf(
        api.POST('/api/v1/transcribe', {
          params: { header: { 'Idempotency-Key': song.key } },
          body: { ...requestOf(choices), url: song.name },
        }),
      );
      this.#accepted(song, transcription_id);
    } catch (error) {
      const failure = failureOf(error);
      const again = () => void this.#sendLink(song, choices);
      if (failure.status === 401) song.callOff = auth.whenSignedIn(again);
      else if (isPassing(failure.status)) song.patience.wait(again);
      else return this.#failed(song, failure);
      this.#waits(song, failure.status);
    }
  }

  #waits(song: Song, status: number): void {
    const { offline, busy, signedOut } = m.transcribe.waiting;
    song.state = 'waiting';
    song.message = status === 0 ? offline : status === 401 ? signedOut : busy;
  }

  #accepted(song: Song, transcriptionId: string): void {
    song.share = 1;
    song.transcriptionId = transcriptionId;
    song.state = 'accepted';
    song.message = '';
    this.#next();
  }

  #failed(song: Song, { message, reference }: { message: string; reference?: string }): void {
    song.state = 'failed';
    song.message = message;
    song.reference = reference ?? '';
    this.#next();
  }
}

export const intake = new Intake();
