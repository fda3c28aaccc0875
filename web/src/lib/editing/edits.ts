/** What can be corrected, as the service takes it (`POST …/revisions`). */
import type { Tab, TabNote } from '$lib/services/api';
import type { Quarters } from './lengths';

export type TechniqueKind = TabNote['techniques'][number]['kind'];
export type Track = Tab['tracks'][number];

export type MusicEdit =
  | { op: 'place'; note: string; string: number; fret: number }
  | { op: 'length'; notes: string[]; length: Quarters }
  | { op: 'shift'; notes: string[]; by: Quarters }
  | { op: 'delete'; notes: string[] }
  | {
      op: 'add';
      track: number;
      measure: number;
      position: Quarters;
      length: Quarters;
      string: number;
      fret: number;
    }
  | { op: 'technique'; notes: string[]; technique: TechniqueKind; on: boolean; semitones?: number }
  | { op: 'accept'; notes: string[] }
  | { op: 'passage'; fret: number; notes?: string[]; track?: number; measures?: [number, number] }
  | { op: 'chord' | 'add-chord'; at: number; label: string }
  | { op: 'remove-chord'; at: number }
  | { op: 'title'; title: string }
  | { op: 'tempo'; change: 'double' | 'half' }
  | { op: 'downbeat'; by: number }
  | { op: 'refret'; track?: number; tuning?: string; capo?: number };
export type Edit = MusicEdit | { op: 'restore'; revision: number };
