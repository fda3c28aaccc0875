/** The stages of a transcription as the list shows them, from the service's names (src/genesis_music/progress.py). */

const STAGES = [
  'Loading',
  'Separating',
  'Listening',
  'Finding the beat',
  'Naming chords',
  'Choosing frets',
  'Writing',
] as const;
type Stage = (typeof STAGES)[number];

export interface Step {
  stage: Stage;
  state: 'done' | 'now' | 'ahead';
}

/**
 * The list with what is done ticked off. A stage that this page does not know (a newer service's) ticks nothing off
 * by itself: what was reached before stays, told by `reached`.
 */
export function stepsOf(stage: string, separates: boolean, reached = -1): Step[] {
  const now = Math.max(indexOf(stage), reached);
  return STAGES.map((each, index) => ({ stage: each, state: stateOf(index, now) })).filter(
    (step) => step.stage !== 'Separating' || separates || stage === 'Separating',
  );
}

/** Where a stage is in the list; -1: it is not there (waiting, or unknown). */
export function indexOf(stage: string): number {
  return (STAGES as readonly string[]).indexOf(stage);
}

function stateOf(index: number, now: number): Step['state'] {
  if (index === now) return 'now';
  return index < now ? 'done' : 'ahead';
}
