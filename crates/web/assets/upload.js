// Adding documents: the file goes in parts, each of which is sealed and on the disk before the next one is asked for. What was
// interrupted goes on where it was, also after the page was loaded again.
(function () {
  "use strict";

  /** Every part but the last is a multiple of this. */
  const FRAME = 65536;
  /** Octets of the first part; fewer after one that took too long. */
  const FIRST = 1048576;
  /** Attempts at one part. */
  const TRIES = 6;
  /** Questions after the end, some seconds apart. */
  const PATIENCE = 120;

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  async function ask(method, path, csrf, body, headers) {
    const answer = await fetch(path, {
      method, body, credentials: "same-origin", headers: { accept: "application/json", "x-csrf-token": csrf, ...headers },
    });
    const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const first = said.errors && said.errors[0];
      const error = new Error((first && first.detail) || said.detail || said.title || "The server did not take it.");
      error.status = answer.status;
      throw error;
    }
    return said;
  }

  /** An upload of this very file that was begun before, or a new one. */
  async function begun(file, csrf, name, into) {
    const key = ["upload", into || name, file.name, file.size, file.lastModified].join("|");
    const known = localStorage.getItem(key);
    if (known) {
      try {
        return { key, upload: await ask("GET", "/v1/documents/uploads/" + known, csrf) };
      } catch (error) {
        if (error.status !== 404 && error.status !== 409) throw error;
      }
    }
    const what = into ? { document: into, octets: file.size } : { name, octets: file.size };
    const upload = await ask("POST", "/v1/documents/uploads", csrf, JSON.stringify(what), { "content-type": "application/json" });
    localStorage.setItem(key, upload.id);
    return { key, upload };
  }

  async function send(file, csrf, upload, say) {
    const path = "/v1/documents/uploads/" + upload.id;
    let at = upload.received, size = FIRST, tries = 0;
    while (at < file.size) {
      say("Sent " + Math.floor((at / file.size) * 100) + "%.");
      const end = Math.min(at + size, file.size);
      try {
        const range = "bytes " + at + "-" + (end - 1) + "/" + file.size;
        const headers = { "content-type": "application/octet-stream", "content-range": range };
        at = (await ask("PUT", path, csrf, file.slice(at, end), headers)).received;
        tries = 0;
      } catch (error) {
        const again = error.status === undefined || error.status === 408 || error.status === 409 || error.status >= 500;
        tries += 1;
        if (!again || tries >= TRIES) throw error;
        if (error.status === undefined || error.status === 408) size = Math.max(FRAME, Math.floor(size / 2 / FRAME) * FRAME);
        await wait(500 * tries);
        // The part may have arrived, and only its answer been lost.
        at = (await ask("GET", path, csrf)).received;
      }
    }
    say("Sent. It is being stored.");
    return finish(path, csrf);
  }

  /** Storing may take longer than a request may: it goes on meanwhile, and answers with the same version as often as it is asked. */
  async function finish(path, csrf) {
    let going = false;
    for (let asked = 1; ; asked += 1) {
      try {
        return await ask("POST", path + "/finish", csrf);
      } catch (error) {
        // The request before is still at it, where its answer did not come in time.
        const again = error.status === undefined || error.status === 503 || (going && error.status === 409);
        going = going || again;
        if (!again || asked >= PATIENCE) throw error;
        await wait(Math.min(500 * asked, 5000));
      }
    }
  }

  document.querySelectorAll("form[data-upload]").forEach((form) => {
    const status = form.querySelector("[data-upload-status]");
    const button = form.querySelector("button");
    const say = (text) => { status.textContent = text; };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const file = form.elements.file.files[0];
      if (!file || button.disabled) return;
      const csrf = form.elements.csrf.value, into = form.dataset.document;
      const name = (form.elements.name && form.elements.name.value.trim()) || file.name;
      button.disabled = true;
      try {
        const { key, upload } = await begun(file, csrf, name, into);
        const finished = await send(file, csrf, upload, say);
        localStorage.removeItem(key);
        location.assign("/documents/" + finished.document.id);
      } catch (error) {
        say(error.message || "The upload was interrupted. Choose the same file again to go on.");
        button.disabled = false;
      }
    });
  });
})();
