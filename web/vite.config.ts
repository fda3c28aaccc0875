import { alphaTab } from '@coderline/alphatab-vite';
import { sveltekit } from '@sveltejs/kit/vite';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

const service = process.env.GENESIS_SERVICE ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [alphaTab({ assetOutputDir: 'static/alphatab' }), sveltekit(), svelteTesting()],
  // alphaTab's worker is bundled by its plugin, which leaves it as it was written: twice the size.
  worker: { rolldownOptions: { output: { minify: true } } },
  server: { proxy: { '/api': service, '/socket.io': { target: service, ws: true } } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test-setup.ts'],
  },
});
