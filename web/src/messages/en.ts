/**
 * Every word the page says, in English. Another language is another file of type `Messages`.
 * Short, in the second person, musical; never "job", "task" or "worker". Grouped by where it is seen; each
 * page's and feature's group lives in its own file beside this one.
 */
import { app, editor } from './en/app';
import { editor } from './en/editor';

export const en = { app, editor };
export type Messages = typeof en;
