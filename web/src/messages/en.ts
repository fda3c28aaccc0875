/**
 * Every word the page says, in English. Another language is another file of type `Messages`.
 * Short, in the second person, musical; never "job", "task" or "worker". Grouped by where it is seen; each
 * page's and feature's group lives in its own file beside this one.
 */
import { app } from './en/app';
import { consent } from './en/consent';
import { editor } from './en/editor';
import { exporting } from './en/exporting';
import { home } from './en/home';
import { library } from './en/library';
import { play } from './en/play';
import { profile } from './en/profile';
import { progress } from './en/progress';
import { sharing } from './en/sharing';
import { signIn } from './en/signIn';
import { theory } from './en/theory';
import { transcribe } from './en/transcribe';
import { versions } from './en/versions';

export const en = {
  app,
  consent,
  editor,
  exporting,
  home,
  library,
  play,
  profile,
  progress,
  sharing,
  signIn,
  theory,
  transcribe,
  versions,
};
export type Messages = typeof en;
