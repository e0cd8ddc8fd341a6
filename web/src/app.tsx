import { Center, Loader } from '@mantine/core'
import { lazy, Suspense, useEffect, useLayoutEffect } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Route, Router, Switch } from 'wouter'
import { keepDraftsOf } from './api/drafts.ts'
import { useSession } from './api/queries.ts'
import { queryClient } from './api/query-client.ts'
import { handleAccess } from './api/request.ts'
import { askBeforeLeaving, LeaveGuard } from './components/leave-guard.tsx'
import { ProblemAlert } from './components/problem-alert.tsx'
import { StepUpDialog } from './components/step-up-dialog.tsx'
import { Overview } from './pages/overview.tsx'
import { SetUp } from './pages/set-up.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { Shell } from './shell.tsx'

// The overview comes with the page; the others when they are gone to.
const Application = lazy(async () => ({ default: (await import('./pages/application.tsx')).Application }))
const PointPage = lazy(async () => ({ default: (await import('./pages/point.tsx')).PointPage }))
const Compare = lazy(async () => ({ default: (await import('./pages/compare.tsx')).Compare }))
const Restore = lazy(async () => ({ default: (await import('./pages/restore.tsx')).Restore }))
const RunPage = lazy(async () => ({ default: (await import('./pages/run.tsx')).RunPage }))
const Work = lazy(async () => ({ default: (await import('./pages/work.tsx')).Work }))
const Welcome = lazy(async () => ({ default: (await import('./pages/welcome.tsx')).Welcome }))
const Widgets = lazy(async () => ({ default: (await import('./pages/widgets.tsx')).Widgets }))
const Settings = lazy(async () => ({ default: (await import('./pages/settings/settings.tsx')).Settings }))
const NotFound = lazy(async () => ({ default: (await import('./pages/not-found.tsx')).NotFound }))

const base = new URL(document.baseURI).pathname.replace(/\/$/, '')

/** Who is not signed in sees nothing else. */
export function App(): ReactElement {
  const session = useSession()
  useEffect(() => handleAccess({ signedOut: () => void queryClient.invalidateQueries({ queryKey: ['session'] }) }), [])
  const name = session.data?.user?.name
  useLayoutEffect(() => {
    if (name !== undefined) keepDraftsOf(name)
  }, [name])
  if (session.data === undefined) {
    return <Center mih="100dvh" p="md">{session.error === null ? <Loader aria-label="…" /> : <ProblemAlert problem={session.error} onRetry={() => void session.refetch()} />}</Center>
  }
  if (session.data.user === undefined) return session.data.setup ? <SetUp /> : <SignIn />
  return (
    <Router base={base} aroundNav={askBeforeLeaving}>
      <Shell user={session.data.user} version={session.data.version ?? ''}>
        <Suspense fallback={<PageLoads />}>
          <Switch>
            <Route path="/"><Overview /></Route>
            <Route path="/welcome"><Welcome /></Route>
            <Route path="/widgets"><Widgets /></Route>
            <Route path="/settings/:section?">{({ section }) => <Settings section={section ?? 'applications'} />}</Route>
            <Route path="/work/:ticket">{({ ticket }) => <Work key={ticket} ticket={ticket} />}</Route>
            <Route path="/apps/:app/restore">{({ app }) => <Restore key={app} app={decodeURIComponent(app)} />}</Route>
            <Route path="/apps/:app/runs/:run">{({ app, run }) => <RunPage key={run} app={decodeURIComponent(app)} run={run} />}</Route>
            <Route path="/apps/:app/points/:id/compare">{({ app, id }) => <Compare key={id} app={decodeURIComponent(app)} id={id} />}</Route>
            <Route path="/apps/:app/points/:id">{({ app, id }) => <PointPage key={id} app={decodeURIComponent(app)} id={id} />}</Route>
            <Route path="/apps/:app/:tab?">{({ app, tab }) => <Application key={app} name={decodeURIComponent(app)} tab={tab ?? 'points'} />}</Route>
            <Route><NotFound /></Route>
          </Switch>
        </Suspense>
      </Shell>
      <StepUpDialog />
      <LeaveGuard />
    </Router>
  )
}

function PageLoads(): ReactElement {
  const { t } = useTranslation()
  return <Center py={80}><Loader aria-label={t('loading')} /></Center>
}
