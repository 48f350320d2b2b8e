// The virtual authenticator of the browser.

const DEVICE = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

/** Gives the page's browser a device of its own; `add` gives it one more, `remove` takes one away. */
export async function withDevice(page) {
  const browser = await page.context().newCDPSession(page);
  await browser.send('WebAuthn.enable');
  const add = async (transport = 'internal') =>
    (await browser.send('WebAuthn.addVirtualAuthenticator', { options: { ...DEVICE, transport } })).authenticatorId;
  return {
    id: await add(),
    add,
    present: (id, enabled) => browser.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: id, enabled }),
    remove: (id) => browser.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: id }),
    credentials: async (id) => (await browser.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials,
  };
}
