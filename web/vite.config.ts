import { alphaTab } from '@coderline/alphatab-vite';
import { sveltekit } from '@sveltejs/kit/vite';
import { svelteTesting } from '@testing-library/svelte/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const service = process.env.GENESIS_SERVICE ?? 'http://127.0.0.1:8000';

const EVERYWHERE = new RegExp(
  [
    'node_modules/(@sveltejs|devalue|openapi-fetch)/',
    'src/messages/',
    'src/lib/components/(shared|layout|features/account)/',
    'src/lib/services/(api|auth|painted|patience|wayBack|telemetry|choices|files|links|stages|recordings)',
    'src/lib/stores/(user|settings|configuration|connection|toasts|choices)',
    // What a song opens with, before its tab is drawn: 12 kB here save it half a second on a slow phone.
    'src/routes/t/',
    'src/lib/components/pages/ResultPage',
    'src/lib/components/features/(FailedSong|OpeningTab|Progress|Score(Chips|View)|Song|StaleNotice|SupportReference|ToolButton)',
    'src/lib/stores/(player|score|transcription)',
    'src/lib/(services/(shortcuts|time-left|wakeLock|websocket)|tab/(opening|playerKeys|timing)|music/(names|pitch)|editing/tunings)',
  ].join('|'),
);

/** What is needed together is one file and not thirty: on a slow network each costs a round trip. */
const oneFile: Plugin = {
  name: 'one-file-for-everywhere',
  apply: 'build',
  applyToEnvironment: ({ name }) => name === 'client',
  outputOptions: (options) => ({
    ...options,
    codeSplitting: {
      groups: [
        { name: 'svelte', test: /node_modules\/(svelte|esm-env|clsx)\//, priority: 1 },
        { name: 'everywhere', test: EVERYWHERE },
      ],
    },
  }),
};

export default defineConfig({
  plugins: [alphaTab({ assetOutputDir: 'static/alphatab' }), sveltekit(), oneFile, svelteTesting()],
  // alphaTab's worker is bundled by its plugin, which leaves it as it was written: twice the size.
  worker: { rolldownOptions: { output: { minify: true } } },
  server: { proxy: { '/api': service, '/socket.io': { target: service, ws: true } } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
