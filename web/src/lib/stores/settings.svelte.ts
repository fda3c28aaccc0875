/**
 * What the user likes: the preferences kept by the service (they follow the account), and how this device shows a
 * tab (kept on the device).
 */
import { api, dataOf, type Schemas } from '$lib/services/api';

export type Preferences = Schemas['Preferences'];
type Theme = Preferences['theme'];

interface Device {
  theme: Theme;
  zoom: number;
  layout: 'page' | 'line';
  /** Notes less sure than this are hidden, 0 to 1. */
  minConfidence: number;
  speed: number;
  metronome: boolean;
  countIn: boolean;
  /** How loud each of these is, 0 to 1. */
  volumes: Record<'original' | 'synth' | 'metronome', number>;
}

const KEY = 'genesis.settings';
const DEFAULTS: Device = {
  theme: 'system',
  zoom: 1,
  layout: 'page',
  minConfidence: 0,
  speed: 1,
  metronome: false,
  countIn: false,
  volumes: { original: 1, synth: 1, metronome: 1 },
};

function stored(): Device {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return { ...DEFAULTS };
  }
}

class Settings {
  device = $state<Device>(stored());
  preferences = $state<Preferences | null>(null);

  /** Change how this device shows things; remembered. */
  set(change: Partial<Device>): void {
    Object.assign(this.device, change);
    localStorage.setItem(KEY, JSON.stringify(this.device));
    if (change.theme) this.#show(change.theme);
  }

  async load(): Promise<void> {
    this.preferences = await dataOf(api.GET('/api/v1/account/preferences'));
    this.set({ theme: this.preferences.theme });
  }

  /** Change preferences at the service; throws a `ServiceError` and changes nothing when it refuses. */
  async save(change: Schemas['PreferencesChange']): Promise<void> {
    this.preferences = await dataOf(api.PATCH('/api/v1/account/preferences', { body: change }));
    this.set({ theme: this.preferences.theme });
  }

  #show(theme: Theme): void {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

export const settings = new Settings();
