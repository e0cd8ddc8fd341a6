/** Where the scripts for IOTstack put what `influxd backup -portable` wrote: all that they save of InfluxDB 1. */
export const influxBackup = { 'backups/influxdb': 'InfluxDB\'s own backup, which "influxd restore -portable" loads into its server' } as const
