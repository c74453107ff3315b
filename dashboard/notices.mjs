// Notices of the packages that the built dashboard contains: licence texts of every package of package-lock.json that is
// not for development alone, in the order of their names. A package without a file of its licence has its text here.

import { readFileSync, readdirSync } from "node:fs";

export const NAME = "THIRD_PARTY_NOTICES.txt";

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const BSD_3 = `Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer
   in the documentation and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived
   from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT
NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL
THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE
OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`;

const TEXTS = { MIT, "BSD-3-Clause": BSD_3 };
const RULE = "=".repeat(100);

/** Return the notices; throws where a package has neither a licence file nor a licence whose text is known here. */
export function writeNotices(folder = ".") {
  const { packages } = JSON.parse(readFileSync(`${folder}/package-lock.json`, "utf-8"));
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  const parts = shipped.map(([path, { version }]) => notice(`${folder}/${path}`, path.split("node_modules/").at(-1), version));
  const head = "Packages that the dashboard of Headland contains, with their notices.\n";
  return `${[head, ...parts.sort()].join(`\n${RULE}\n`)}`;
}

function notice(folder, name, version) {
  const about = JSON.parse(readFileSync(`${folder}/package.json`, "utf-8"));
  if (about.version !== version) throw new Error(`${name} ${about.version} is installed, and locked is ${version}: run npm ci`);
  const licence = typeof about.license === "string" ? about.license : "";
  const files = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort();
  const texts = files.map((file) => readFileSync(`${folder}/${file}`, "utf-8").replaceAll("\r\n", "\n").trimEnd());
  if (texts.length === 0) {
    const text = TEXTS[licence];
    if (text === undefined) throw new Error(`${name} has no file of its licence, and the text of ${licence || "none"} is not known`);
    const author = typeof about.author === "string" ? about.author : (about.author?.name ?? "its authors");
    texts.push(`Copyright (c) ${author}\n\n${text}`);
  }
  return `\n${name} ${version} (${licence})\n\n${texts.join("\n\n")}\n`;
}

/** Writes the notices beside the page, not among the files that the service worker stores. */
export const notices = {
  name: "third-party-notices",
  enforce: "post",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: NAME, source: writeNotices() });
  },
};
