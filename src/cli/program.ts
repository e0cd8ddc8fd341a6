import { Command } from 'commander'
import { programVersion } from '../kit/program-version.ts'
import { addAccountCommand } from './commands/account.ts'
import { addBackupCommand } from './commands/backup.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addDiffCommand } from './commands/diff.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addDropInCommand } from './commands/drop-in.ts'
import { addForgetCommand } from './commands/forget.ts'
import { addImportCommand } from './commands/import.ts'
import { addInitCommand } from './commands/init.ts'
import { addListCommand } from './commands/list.ts'
import { addMenuCommand } from './commands/menu.ts'
import { addRestoreCommand } from './commands/restore.ts'
import { addScheduleCommand } from './commands/schedule.ts'
import { addServeCommand } from './commands/serve.ts'
import { addServiceCommand } from './commands/service.ts'
import { addShowCommand } from './commands/show.ts'
import { addStatusCommand } from './commands/status.ts'
import { addThawCommand } from './commands/thaw.ts'
import { addTokenCommand } from './commands/token.ts'
import { addTouchCommand } from './commands/touch.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { addGlobalOptions } from './global-options.ts'

/** The whole command line, one file a command. */
export function program(): Command {
  const root = addGlobalOptions(new Command('holdfast'))
    .description('Backups for the applications that you host yourself: files and databases in one restore point.')
    .version(programVersion, '-V, --version')
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: true })
  for (const add of [
    addInitCommand, addBackupCommand, addListCommand, addShowCommand, addRestoreCommand, addVerifyCommand,
    addDiffCommand, addForgetCommand, addStatusCommand, addImportCommand, addServeCommand, addServiceCommand, addScheduleCommand, addThawCommand, addTouchCommand, addAccountCommand, addTokenCommand, addMenuCommand, addDropInCommand, addDoctorCommand, addCompletionCommand,
  ]) add(root)
  return root
}
