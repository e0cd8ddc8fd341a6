import type { Route } from '../http/route.ts'
import { accessRoutes } from './access-routes.ts'
import { configRoutes } from './config-routes.ts'
import { overviewRoutes } from './overview-routes.ts'
import { pointRoutes } from './point-routes.ts'
import { restoreRoutes } from './restore-routes.ts'
import { runRoutes } from './run-routes.ts'
import { uploadRoutes } from './upload-routes.ts'
import { widgetRoutes } from './widget-routes.ts'

/** Everything that can be asked for. */
export const routes: readonly Route[] = [...accessRoutes, ...overviewRoutes, ...runRoutes, ...pointRoutes, ...restoreRoutes, ...configRoutes, ...uploadRoutes, ...widgetRoutes]
