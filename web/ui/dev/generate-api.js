// Writes src/api/schema.d.ts from the server's description of its API. Usage: npm run api
import { writeFileSync } from 'node:fs'
import { generate, TARGET } from './api-schema.js'

writeFileSync(TARGET, await generate())
console.log(`wrote ${TARGET.pathname}`)
