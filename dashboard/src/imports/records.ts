// Answers of the API about imports.

import type { Body } from "../api/client";
import type { AnswerOf, BodyOf } from "../api/write";

export type ImportList = Body<"/v1/imports">;
export type FileImport = Body<"/v1/imports/{id}">;
export type ImportResult = NonNullable<FileImport["result"]>;
export type Preview = Body<"/v1/imports/{id}/preview">;
export type Choice = AnswerOf<"/v1/imports/{id}/choice", "put">;
export type Converted = Extract<Choice, { rows: unknown }>;
export type TableChoice = NonNullable<NonNullable<BodyOf<"/v1/imports/{id}/choice", "put">>["table"]>;
