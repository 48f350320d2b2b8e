// Passkeys: the one thing here that needs script, since only script can ask an authenticator. The server decides; this file
// carries its question to the browser and the answer back in a form.
(function () {
  "use strict";

  const able = window.isSecureContext && "PublicKeyCredential" in window && "credentials" in navigator;
  /** A question is good for five minutes; the one that waits in the address field is renewed before. */
  const RENEW_MS = 240000;

  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    let plain = "";
    new Uint8Array(buffer).forEach((byte) => { plain += String.fromCharCode(byte); });
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const descriptors = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  /** What `navigator.credentials` takes, from its JSON form. */
  function decoded(options) {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) publicKey.excludeCredentials = descriptors(options.excludeCredentials);
    if (options.allowCredentials) publicKey.allowCredentials = descriptors(options.allowCredentials);
    return publicKey;
  }

  /** The JSON form of what an authenticator made or signed. */
  function encoded(credential) {
    const from = credential.response;
    const response = { clientDataJSON: text(from.clientDataJSON) };
    if (from.attestationObject) {
      response.attestationObject = text(from.attestationObject);
      response.transports = from.getTransports ? from.getTransports() : [];
    } else {
      response.authenticatorData = text(from.authenticatorData);
      response.signature = text(from.signature);
      response.userHandle = from.userHandle ? text(from.userHandle) : null;
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  class Told extends Error {}

  /** The server's question for this form. */
  async function question(form) {
    const answer = await fetch(form.dataset.passkeyBegin, {
      method: "POST", credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRF-Token": form.elements.csrf.value },
    });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Told(body.detail || "The server did not answer. Reload the page and try again.");
    return body;
  }

  /** One answer a page: the address field and the button may both have one at the same moment. */
  let sent = false;
  addEventListener("pageshow", () => { sent = false; });

  function send(form, asked, credential) {
    if (sent) return;
    sent = true;
    form.elements.ceremony.value = asked.ceremony;
    form.elements.credential.value = encoded(credential);
    form.submit();
  }

  function said(error) {
    if (error instanceof Told) return error.message;
    switch (error && error.name) {
      case "InvalidStateError": return "This device holds a passkey of this account already.";
      case "NotSupportedError": return "This device cannot hold a passkey that checks who you are.";
      case "SecurityError": return "Passkeys do not work at this address.";
      default: return "No passkey was chosen, or it took too long. Try again.";
    }
  }

  let waiting = null;

  /** Lets the browser offer passkeys in the address field for as long as the page is open. */
  async function autofill(form) {
    const offers = PublicKeyCredential.isConditionalMediationAvailable;
    if (!offers || !(await offers.call(PublicKeyCredential))) return;
    for (;;) {
      const round = new AbortController();
      waiting = round;
      const renewal = setTimeout(() => round.abort("renew"), RENEW_MS);
      try {
        const asked = await question(form);
        const credential = await navigator.credentials.get({
          publicKey: decoded(asked.options), mediation: "conditional", signal: round.signal,
        });
        if (credential) send(form, asked, credential);
        return;
      } catch {
        // Renewed, replaced by the button, or not to be had: the button says why.
        if (round.signal.reason !== "renew") return;
      } finally {
        clearTimeout(renewal);
      }
    }
  }

  async function ask(form, button, problem) {
    if (sent) return;
    problem.hidden = true;
    const named = form.dataset.passkeyCopy && document.getElementById(form.dataset.passkeyCopy);
    if (named) {
      if (!named.reportValidity()) return;
      form.elements[named.name].value = named.value;
    } else if (!form.reportValidity()) return;
    if (waiting) waiting.abort("replaced");
    button.dataset.busy = "";
    try {
      const asked = await question(form);
      const publicKey = decoded(asked.options);
      const credential = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
      if (!credential) throw new Told("This browser gave no passkey.");
      send(form, asked, credential);
    } catch (error) {
      delete button.dataset.busy;
      problem.textContent = said(error);
      problem.hidden = false;
    }
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const part = (name) => form.querySelector(`[data-passkey-${name}]`);
    if (!able) {
      part("missing").hidden = false;
      return;
    }
    const button = part("start");
    button.hidden = false;
    button.addEventListener("click", () => ask(form, button, part("problem")));
    // Enter in a field of this form means its button, which is none that sends.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.click();
    });
    if ("passkeyAutofill" in form.dataset) autofill(form);
  });
})();
