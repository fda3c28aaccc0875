/**
 * Every word the page says, in English. Another language is another file of type `Messages`.
 * Short, in the second person, musical; never "job", "task" or "worker". Grouped by where it is seen; each
 * page's and feature's group lives in its own file beside this one.
 */
import { app } from './en/app';
import { editor } from './en/editor';
import { exporting } from './en/exporting';
import { home } from './en/home';
import { library } from './en/library';
import { play } from './en/play';
import { progress } from './en/progress';
import { sharing } from './en/sharing';
import { theory } from './en/theory';
import { transcribe } from './en/transcribe';
import { versions } from './en/versions';

export const en = {
  app,
  editor,
  exporting,
  home,
  library,
  play,
  progress,
  sharing,
  theory,
  transcribe,
  versions,
};
export type Messages = typeof en;
