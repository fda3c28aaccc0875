/** What shows a song is on its way, and its tab is made ready, while the song itself is asked for. */
export function load(): void {
  void import('$lib/components/features/ScoreView.svelte');
  void import('$lib/tab/sheet').then(({ Sheet }) => Sheet.prepare());
}
