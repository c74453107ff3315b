// Answers of the API about greenhouses.

export interface GreenhouseItem {
  id: string;
  name: string;
  /** Registered greenhouses have zones and notes. */
  registered: boolean;
  /** False where it, or its site, is deactivated: it is shown at its address, and not chosen. */
  active: boolean;
}

export interface DayColumn {
  unit: string;
  method: { id: string; version: number; source: string };
  value: (number | null)[];
  n: number[];
  coverage: number[];
  evidence: (string | null)[];
  reason: (string | null)[];
  level: (string | null)[];
}

export interface GrowerNote {
  id: string;
  time_ms: number;
  author: string;
  text: string;
  photos: string[];
}

export interface LeftOut {
  device: string;
  channel: string;
  test: string;
  n: number;
  start_ms: number;
  end_ms: number;
  left_out: boolean;
  detail: string;
  /** How sure the cause is, 0 to 1, and a sentence with the remedy in both languages. */
  chance: number | null;
  text: string | null;
  text_zh: string | null;
}

export interface Place {
  name: string;
  devices: string[];
  channels: Record<string, (number | null)[]>;
}

export interface Overview {
  greenhouse: string;
  devices: string[];
  simulated: boolean;
  time_zone: string;
  time_zone_known: boolean;
  crop: string;
  stage: string;
  start_ms: number;
  end_ms: number;
  samples: {
    step_ms: number;
    time_ms: number[];
    channels: Record<string, (number | null)[]>;
    units: Record<string, string>;
    coldest: number[];
  };
  surfaces: { name: string; estimated: string | null }[];
  bands: {
    start_ms: number;
    end_ms: number;
    stage: string;
    targets: Record<string, { low: number; high: number; source: string; source_zh: string }>;
  }[];
  events: { start_ms: number; end_ms: number; hours: number; surface: string; least_margin_k: number }[];
  days: { start_ms: number[]; end_ms: number[]; answers: Record<string, DayColumn> };
  map: { time_ms: number[]; units: Record<string, string>; places: Place[] };
  left_out: LeftOut[];
  notes: Record<string, string>;
  notes_zh: Record<string, string>;
  grower_notes: GrowerNote[];
}
