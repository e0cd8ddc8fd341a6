import { test } from 'node:test'
import { sampledGates } from './faults/sample-gates.ts'

for (const { name, body } of await sampledGates(0)) test(name, body)
