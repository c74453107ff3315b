// Which marks of a map are displayed: those of one spot become one mark with their number, and names that overlap are left out.

export interface Spot {
  id: string;
  /** Pixels of the map's element. */
  x: number;
  y: number;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Return groups of marks that are within `distancePx` of the first of their group. A group of fewer than `least` falls apart. */
export function groupSpots(spots: readonly Spot[], distancePx: number, least = 3): Spot[][] {
  const groups: Spot[][] = [];
  for (const spot of spots) {
    const near = groups.find(([first]) => first !== undefined && Math.hypot(first.x - spot.x, first.y - spot.y) <= distancePx);
    if (near) near.push(spot);
    else groups.push([spot]);
  }
  return groups.flatMap((group) => (group.length >= least ? [group] : group.map((spot) => [spot])));
}

/** Return the ids of the boxes that overlap none before them; the first have precedence. */
export function freeBoxes(boxes: readonly (readonly [id: string, box: Box])[], most: number): Set<string> {
  const taken: Box[] = [];
  const free = new Set<string>();
  for (const [id, box] of boxes) {
    if (free.size >= most) break;
    if (taken.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top))
      continue;
    taken.push(box);
    free.add(id);
  }
  return free;
}
