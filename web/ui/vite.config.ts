import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The server that `npm run dev` forwards to; `npm run mock` listens there too.
const server = process.env.SIAGA_SERVER ?? 'http://127.0.0.1:8112'

export default defineConfig({
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    target: 'chrome120',
    // The binary embeds every file of dist; maps of the sources would double it.
    sourcemap: false,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: server, ws: true, secure: false, changeOrigin: false },
      '/healthz': { target: server, secure: false },
    },
  },
  test: { include: ['test/**/*.test.ts', 'test/**/*.test.tsx'] },
})
