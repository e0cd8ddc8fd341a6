import { errorCodes, exitStatusOf } from '../src/kit/error-codes.ts'
import type { ErrorCode } from '../src/kit/error-codes.ts'

/** What each code means and what to do then. The compiler asks for a line for every code. */
const advice: Record<ErrorCode, readonly [meaning: string, next: string]> = {
  'usage': ['The command line does not say what to do, or says something that does not exist.', 'Read the sentence, or `holdfast COMMAND --help`.'],
  'internal': ['Holdfast itself is at fault.', 'Report it with the run\'s journal; what was backed up before is untouched.'],
  'interrupted': ['The run was ended by Ctrl-C, a signal or a shutdown.', 'Run it again; nothing half-made was left under a final name.'],
  'platform.unsupported': ['This system cannot run Holdfast, a 32-bit one for example.', 'Use a 64-bit Linux with Node 26 or later.'],
  'config.invalid': ['holdfast.yaml has an error; file, line, column and the nearest valid key are named.', 'Correct that line.'],
  'config.missing': ['There is no holdfast.yaml where it was looked for.', 'Run `holdfast init`, or name the file with `--config`; `holdfast backup DIR` needs none.'],
  'config.unsafe': ['Others may write the configuration, or read secrets in it.', 'Take the rights away as the message says (`chmod`, `chown`).'],
  'config.secret': ['A secret\'s variable, file or command gave nothing.', 'Set the variable, or correct the file or command.'],
  'app.unknown': ['No application or restore point has this name.', 'See `holdfast list`, and write it as it stands there.'],
  'app.ambiguous': ['There are several applications and none was named.', 'Name one with `--app`.'],
  'source.missing': ['The folder or database file to back up is not there.', 'Correct the path, or mount what it lies on.'],
  'source.unreadable': ['The application\'s folder itself cannot be read.', 'Run as a user who may read it.'],
  'source.selection': ['An include or exclude pattern cannot be understood.', 'Correct the pattern that is named.'],
  'database.unreachable': ['The database server does not answer, or refuses the user.', 'Start it, or correct host, user and password.'],
  'database.client': ['The database\'s own client or dump program is missing or too old.', 'Install the package that is named.'],
  'database.dump': ['The dump did not end as a whole one does; it was not kept as good.', 'Read the client\'s message, mend the cause, run again.'],
  'database.import': ['The database refused the dump; what was there before was put back.', 'Read the client\'s message; check version, rights and space.'],
  'database.unsafe': ['The dump holds what no dump program writes: commands for the database\'s client, which run programs or read and write files, or rows for another database. Nothing of it was imported.', 'Do not trust it: see where it comes from, and take another restore point.'],
  'process.missing': ['A program that is needed is not installed.', 'Install the package that brings it.'],
  'process.failed': ['A program ended with an error.', 'Its last lines stand in the message.'],
  'process.timeout': ['A program did not end in time and was ended with all that it had started.', 'Raise its time limit, or find out what it waits for.'],
  'containers.unreachable': ['The container engine does not answer, or what answers is none. Nothing was stopped.', 'Start or restart the engine, or name its socket: `containers: {engine: …}`.'],
  'containers.denied': ['This user may not use the container engine.', 'Run as root, or as a member of the group that owns the socket.'],
  'containers.refused': ['The container engine refused to stop, pause or start a container.', 'Read its words; see `docker ps -a` and the engine\'s log.'],
  'containers.exec': ['A program inside a container ended with an error.', 'Its last lines stand in the message.'],
  'containers.guard': ['The process that starts the containers again, should the run be killed, could not be started; so nothing was stopped.', 'Read the message; memory, the number of processes and the state folder are what it needs.'],
  'containers.not-started': ['Containers that ran before the run could not be started again.', 'Start them yourself, or mend what keeps them from it: `holdfast thaw --all` tries again.'],
  'hook.failed': ['A configured hook ended with an error.', 'Its output is in the run\'s log; mend it or remove it.'],
  'hook.untrusted': ['The hook came out of an archive and nobody has accepted it.', 'Read it, then accept it, or pass `--trust-hooks`.'],
  'report.failed': ['Somebody who was to be told of a run could not be reached, or refused it. The run itself is not concerned.', 'Check the address and the key that the message is about.'],
  'schedule.invalid': ['The schedule is no cron line, never comes, or cannot be written for cron or systemd.', 'Write it as the message says.'],
  'schedule.failed': ['cron or systemd did not take what was to be installed or removed.', 'Read the sentence; `--dry-run` shows what would be installed, so that it can be done by hand.'],
  'server.listen': ['`holdfast serve` cannot listen on its address, or cannot read its certificate.', 'Choose another address with --listen, end the other program that has it, or correct `server:` in holdfast.yaml.'],
  'lock.held': ['Another run of this application is going on.', 'Wait for it; its user and process are named.'],
  'state.denied': ['This user may not use the application\'s state folder.', 'Join the group that `holdfast init` set, or run as the owner.'],
  'state.damaged': ['A database of Holdfast\'s own (`catalog.sqlite`, accounts) is damaged. A damaged catalog is set aside and made again from the places and journals by itself.', 'Check the disk; move the file away with its `-wal` and `-shm`, or bring back a copy of it.'],
  'state.newer': ['A database of Holdfast\'s own was written by a later version.', 'Start the later version again. A catalog may also be moved away: it is made again.'],
  'state.unfinished-restore': ['A restore was interrupted, so the application may be half restored; it is not backed up like this.', 'Finish it or roll it back, as the message says.'],
  'vault.missing': ['There are no backups at this place.', 'Correct the path, or mount the disk.'],
  'vault.empty': ['The place holds no restore point that fits.', 'Run a backup first, or look with `holdfast list`.'],
  'vault.unknown-point': ['No restore point has this id.', 'Take an id from `holdfast list`.'],
  'vault.ambiguous-point': ['Several restore points begin with these characters.', 'Write more of the id.'],
  'vault.protected': ['The rules keep this restore point: the last one, or the newest verified one.', 'Make and verify a newer one first.'],
  'archive.damaged': ['The archive does not match its records: cut off, changed or unreadable. Nothing was restored from it.', 'Take an older point or another copy; check the disk.'],
  'archive.foreign': ['The file is no archive of Holdfast.', 'Unpack it with the program that made it.'],
  'archive.password': ['The password is missing or wrong.', 'Give the one that the archive was made with; without it nobody can read it.'],
  'archive.encryption': ['A password was set, but the format has no encryption.', 'Use `--format zip`, or take the password away.'],
  'archive.unsafe': ['A name in the archive leads outside the target. Nothing was written there.', 'Do not trust this archive.'],
  'archive.too-large': ['The archive holds more than it declares, or more than fits.', 'Do not trust it, or restore where there is more space.'],
  'storage.full': ['No space or no inodes are left.', 'Free some, or keep fewer points.'],
  'storage.denied': ['The place refuses this user.', 'Correct its rights, or the user.'],
  'storage.exists': ['Something is there already under this name; it stays as it was.', 'Choose another name, or move it away.'],
  'storage.missing': ['What should lie at the place is gone.', 'Look at the place; run `holdfast verify`.'],
  'storage.failed': ['The place failed to read or write.', 'Check the disk, the mount or the network, then run again.'],
  'restore.target': ['The target cannot be restored into.', 'Name another folder, as the message says.'],
  'restore.space': ['There is not enough space to restore beside what is there now.', 'Free what is missing; nothing was touched.'],
  'restore.failed': ['The restore failed, and the message says in what state the application is.', 'Follow its hint before you start the application.'],
  'restore.rolled-back': ['The restore failed and all is as it was before.', 'Mend the cause that is named, then restore again.'],
  'restore.confirm': ['Something would be overwritten and nobody could be asked.', 'Look with `--dry-run`, then pass `--no-ask`.'],
  'restore.foreign': ['The application\'s configuration forbids archives from outside its places (`allowForeign: false`).', 'Take a restore point of its own, or have whoever keeps the configuration change that.'],
  'access.required': ['The server was asked without a session or token that is valid.', 'Sign in, or send a token (`Authorization: Bearer hf_…`); one that was revoked or has expired is replaced with `holdfast token create`.'],
  'access.denied': ['The account or token may not do this: its role is too small, the token is for other applications, or it is for people only.', 'See [what each role may do](access.md); ask an admin.'],
  'access.step-up': ['What restores, deletes, or changes settings and accounts asks for the password again, also of somebody who is signed in.', 'Give it; it then holds for ten minutes.'],
  'access.wrong': ['Name or password is wrong. Which of the two is not told.', 'Try again; a lost password is set anew on the machine itself: `holdfast account password NAME`.'],
  'access.totp': ['The account asks for the six digits of its authenticator, and they are missing, wrong, or were used before.', 'Wait for the next code and check the clocks of both devices; a lost authenticator is turned off on the machine itself: `holdfast account totp-off NAME`.'],
  'access.rate': ['There were too many attempts for this account or from this address.', 'Wait as long as the message says.'],
  'access.setup': ['The first account cannot be made: there is one already, or the token is not the one on the console.', 'Sign in, or take the token that the server printed when it started last.'],
  'access.unknown': ['There is no such account, token or session.', 'Look at the list.'],
  'access.exists': ['There is an account of this name already.', 'Choose another name.'],
  'access.last-admin': ['There must always be an admin: the last one cannot be removed or made less, and the first account must be one.', 'Make another account an admin first.'],
}

const isCode = (name: string): name is ErrorCode => Object.hasOwn(errorCodes, name)

/** docs/reference/errors.md: every error code under an anchor of its own name. */
export function errorPage(): string {
  const sections = Object.keys(errorCodes).filter(isCode).map((code) => {
    const [meaning, next] = advice[code]
    return `## <a id="${code}"></a>\`${code}\`\n\n${meaning}\n\n**What to do:** ${next}\n\nExit status ${exitStatusOf(code)}.\n`
  })
  return [
    '# Errors\n',
    'Every error has a code, a sentence, what to do next, and its cause. With `--json` all four are fields of `error`.\n',
    'Exit statuses: 0 done, 1 failed, 3 partial (something could not be read; the rest is there), 10 no backups at the place, 11 locked, 12 wrong password, 130 interrupted. They are restic\'s where they mean the same.\n',
    '<!-- Written by `npm run reference` from src/kit/error-codes.ts and scripts/error-page.ts. -->\n',
    ...sections,
  ].join('\n')
}
