/** What can be corrected, as the service takes it. */
import type { Schemas, Tab, TabNote } from '$lib/services/api';

export type Edit = Schemas['EditRequest']['edits'][number];
/** All but going back to another revision, which only undo and redo do. */
export type MusicEdit = Exclude<Edit, { op: 'restore' }>;
export type TechniqueKind = TabNote['techniques'][number]['kind'];
export type Track = Tab['tracks'][number];
