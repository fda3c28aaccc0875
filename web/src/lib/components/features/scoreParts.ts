/** What a song's page has beside its first bars: loaded together, and added one by one. */
export { default as AudioPlayer } from './AudioPlayer.svelte';
export { default as EditorPanel } from './EditorPanel.svelte';
export { default as KeysHelp } from './KeysHelp.svelte';
export { default as PrintView } from './PrintView.svelte';
export { default as ResultPanel } from './ResultPanel.svelte';
export { default as TabViewer } from './TabViewer.svelte';
export { default as TextTab } from './TextTab.svelte';
export { default as ViewTools } from './ViewTools.svelte';
