import { HoldfastTile } from './holdfast-tile.ts'

// A page may bring the script several times.
if (customElements.get('holdfast-tile') === undefined) customElements.define('holdfast-tile', HoldfastTile)
