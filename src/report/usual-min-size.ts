/** What a backup has at least where the application's expectations say nothing: the 100 MB of Jeedom's tile. */
export const usualMinSizeBytes = 100 * 1024 ** 2
