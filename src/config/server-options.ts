import { z } from 'zod'

const listenSchema = z.string().regex(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'an address and a port, such as 127.0.0.1:7878')

/** How `holdfast serve` listens and works. */
export const serverOptionsSchema = z.strictObject({
  listen: listenSchema.default('127.0.0.1:7878').describe('The address and port that `holdfast serve` listens on. Other addresses than this machine\'s own are refused while there is no account.'),
  data: z.string().min(1).optional().describe('The folder for its catalog, accounts and uploads. Default: `.server` in the state folder.'),
  parallel: z.int().min(1).max(16).default(1).describe('So many applications are worked on at once; others wait for their turn.'),
  basePath: z.string().regex(/^\/(?:[A-Za-z0-9._~-]+\/)*$/, 'a path that begins and ends with a slash').default('/').describe('The path below which it is reached behind a proxy: `/holdfast/`.'),
  url: z.url({ protocol: /^https?$/ }).optional().describe('The address by which people reach the dashboard: notices and Home Assistant link to it.'),
  hosts: z.array(z.string().regex(/^[A-Za-z0-9.-]+(?::\d{1,5})?$/, 'a host name, with its port where it is not the usual one')).default([]).describe('Names under which browsers reach it, besides its own addresses. Requests to other names are refused.'),
  tls: z.strictObject({
    cert: z.string().min(1).describe('The certificate, with those between it and the root (PEM).'),
    key: z.string().min(1).describe('Its key (PEM); readable by nobody else.'),
  }).optional().describe('Its own certificate. Without one it speaks plain HTTP, which is for this machine and for a proxy in front of it.'),
  trustedProxies: z.array(z.string().regex(/^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/, 'an address or a network such as 10.0.0.0/8')).default([]).describe('Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.'),
})
export type ServerOptions = z.infer<typeof serverOptionsSchema>
