/**
 * Live progress over Socket.IO. What happens while the connection is away is made up for: after every reconnect
 * the service tells the last state of each job that is followed.
 */
import type { Socket } from 'socket.io-client';
import { serviceOrigin } from './api';
import { auth } from './auth';

export interface ProgressEvent {
  job_id: string;
  stage: string;
  percent: number;
  message: string;
}
export interface FailedEvent {
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
  /** Whether events arrive now; while not, ask the API now and then. */
  connected?(connected: boolean): void;
}

class Live {
  #socket: Promise<Socket> | undefined;
  #followers = new Map<string, Set<JobEvents>>();

  /** Hear of a job until the returned function is called. */
  follow(jobId: string, events: JobEvents): () => void {
    const followers = this.#followers.get(jobId) ?? new Set();
    followers.add(events);
    this.#followers.set(jobId, followers);
    void this.#connected().then((socket) => {
      events.connected?.(socket.connected);
      if (socket.connected) socket.emit('subscribe', { job_id: jobId });
    });
    return () => this.#unfollow(jobId, events);
  }

  #unfollow(jobId: string, events: JobEvents): void {
    const followers = this.#followers.get(jobId);
    followers?.delete(events);
    if (followers?.size) return;
    this.#followers.delete(jobId);
    void this.#socket?.then((socket) => socket.emit('unsubscribe', { job_id: jobId }));
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
      for (const jobId of this.#followers.keys()) socket.emit('subscribe', { job_id: jobId });
      this.#tell('connected', true);
    });
    socket.on('disconnect', (reason) => {
      this.#tell('connected', false);
      // The service ended it (an expired token): come back with a new one.
      if (reason === 'io server disconnect') void auth.renew().then(() => socket.connect());
    });
    for (const name of ['progress', 'complete', 'failed', 'cancelled'] as const) {
      socket.on(name, (event: { job_id: string }) => {
        for (const follower of this.#followers.get(event.job_id) ?? []) follower[name]?.(event as never);
      });
    }
    auth.onToken((token) => socket.connected && socket.emit('authenticate', { token }));
    return socket;
  }

  #tell(event: 'connected', connected: boolean): void {
    for (const followers of this.#followers.values()) {
      for (const follower of followers) follower[event]?.(connected);
    }
  }
}

export const live = new Live();
