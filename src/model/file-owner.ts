/** Whose new files are, by numbers. */
export type FileOwner = { readonly uid: number; readonly gid: number }
