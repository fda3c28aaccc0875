import { defineConfig } from '@playwright/test';
import base from '../playwright.config';

// Figures, not checks: run alone, on a machine that does nothing else.
export default defineConfig({ ...base, testDir: '.', projects: [{ name: 'desktop' }] });
