/**
 * Live progress over Socket.IO. What happens while the connection is away is made up for: after every reconnect
 * the service tells the last state of each job that is followed.
 */
import type { Socket } from 'socket.io-client';
import { serviceOrigin } from './api';
import { auth } from './auth';

interface ProgressEvent {
  job_id: string;
  stage: string;
  percent: number;
  message: string;
}
interface FailedEvent {
  job_id: string;
  error: { code: string; message: string };
  retryable: boolean;
  options: { action: string; label: string }[];
}
export interface JobEvents {
  progress?(event: ProgressEvent): void;
  complete?(event: { job_id: string }): void;
  failed?(event: FailedEvent): void;
  cancelled?(event: { job_id: string }): void;
  /** The service does not (or no longer) let us hear of it: it was deleted, or is another's. */
  refused?(): void;
  /** Whether events arrive now; while not, ask the API now and then. */
  connected?(connected: boolean): void;
}

const COME_BACK_MS = 2000;

class Live {
  #socket: Promise<Socket> | undefined;
  #followers = new Map<string, Set<JobEvents>>();

  /** Hear of a job until the returned function is called. */
  follow(jobId: string, events: JobEvents): () => void {
    const followers = this.#followers.get(jobId) ?? new Set();
    followers.add(events);
    this.#followers.set(jobId, followers);
    this.#connected().then(
      (socket) => {
        if (!this.#followers.get(jobId)?.has(events)) return;
        events.connected?.(socket.connected);
        if (socket.connected) this.#subscribe(socket, jobId);
      },
      // The code of the connection could not be loaded; the next to follow tries again.
      () => {
        this.#socket = undefined;
        events.connected?.(false);
      },
    );
    return () => this.#unfollow(jobId, events);
  }

  #unfollow(jobId: string, events: JobEvents): void {
    const followers = this.#followers.get(jobId);
    followers?.delete(events);
    if (followers?.size) return;
    this.#followers.delete(jobId);
    void this.#socket?.then((socket) => socket.emit('unsubscribe', { job_id: jobId }));
  }

  #subscribe(socket: Socket, jobId: string): void {
    socket.emit('subscribe', { job_id: jobId }, (answer: { ok: boolean }) => {
      if (!answer.ok) for (const follower of this.#followers.get(jobId) ?? []) follower.refused?.();
    });
  }

  #connected(): Promise<Socket> {
    this.#socket ??= this.#open();
    return this.#socket;
  }

  async #open(): Promise<Socket> {
    const { io } = await import('socket.io-client');
    const socket = io(serviceOrigin || location.origin, {
      transports: ['websocket'],
      reconnectionDelayMax: 5000,
      auth: (give) => give({ token: auth.token }),
    });
    socket.on('connect', () => {
      for (const jobId of this.#followers.keys()) this.#subscribe(socket, jobId);
      this.#tell('connected', true);
    });
    socket.on('disconnect', (reason) => {
      this.#tell('connected', false);
      if (reason === 'io server disconnect') this.#comeBack(socket);
    });
    // Refused by the service, not by the network: it would not try again by itself.
    socket.on('connect_error', () => {
      if (!socket.active) this.#comeBack(socket);
    });
    for (const name of ['progress', 'complete', 'failed', 'cancelled'] as const) {
      socket.on(name, (event: { job_id: string }) => {
        for (const follower of this.#followers.get(event.job_id) ?? []) follower[name]?.(event as never);
      });
    }
    auth.onToken((token) => socket.connected && socket.emit('authenticate', { token }));
    return socket;
  }

  /** The service ended the connection (an expired token, say): come back with a new one, without haste. */
  #comeBack(socket: Socket): void {
    setTimeout(() => void auth.renew().finally(() => socket.connect()), COME_BACK_MS);
  }

  #tell(event: 'connected', connected: boolean): void {
    for (const followers of this.#followers.values()) {
      for (const follower of followers) follower[event]?.(connected);
    }
  }
}

export const live = new Live();
