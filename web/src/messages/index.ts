import { en, type Messages } from './en';

/** The words of the page, in the language that is shown. */
export const m: Messages = en;
export type { Messages };
