import { sampleGates } from './faults/sample-gates.ts'

await sampleGates(0)
