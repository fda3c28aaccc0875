import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // One page for every address: the service (or a CDN) answers unknown paths with it.
    adapter: adapter({ fallback: '200.html', precompress: true }),
    // The one inline script that SvelteKit writes is allowed by its hash; the rest of the policy is the server's header.
    // Analytics is let in here only so that the header can decide: without a configured id the header forbids it.
    csp: {
      mode: 'hash',
      directives: { 'script-src': ['self', 'wasm-unsafe-eval', 'https://*.googletagmanager.com'] },
    },
    alias: { $messages: 'src/messages' },
    // src/hooks.client.ts does, when what was asked for is on the page.
    serviceWorker: { register: false },
  },
};
