/** Short notes at the edge of the page. What needs an answer stays until it is closed. */

export type Tone = 'plain' | 'good' | 'bad';
export interface Toast {
  id: number;
  text: string;
  tone: Tone;
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 6000;

class Toasts {
  shown = $state<Toast[]>([]);
  #next = 1;

  show(text: string, tone: Tone = 'plain', action?: Toast['action']): number {
    const id = this.#next++;
    this.shown = [
      ...this.shown.filter((toast) => toast.text !== text),
      { id, text, tone, ...(action && { action }) },
    ];
    if (tone !== 'bad' && !action) setTimeout(() => this.dismiss(id), SHOWN_MS);
    return id;
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
