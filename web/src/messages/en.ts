/**
 * Every word the page says, in English. Another language is another file of type `Messages`.
 * Short, in the second person, musical; never "job", "task" or "worker". Grouped by where it is seen; each
 * page's and feature's group lives in its own file beside this one.
 */
import { app } from './en/app';
import { home } from './en/home';
import { library } from './en/library';
import { progress } from './en/progress';
import { transcribe } from './en/transcribe';

export const en = { app, home, library, progress, transcribe };
export type Messages = typeof en;
