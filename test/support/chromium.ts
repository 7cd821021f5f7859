import { existsSync } from 'node:fs';
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]; // prettier-ignore

/** A real browser with a security key in it that verifies its person (WebDriver's virtual authenticator, WebAuthn Level 3 section 11). */
export class BrowserWithKey {
  /** What the content security policy has stopped; nothing, on a page of ours. */
  readonly violations: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly devtools: CDPSession,
    private readonly authenticator: string,
  ) {}

  static async open(): Promise<BrowserWithKey> {
    // `npm test` has found or installed one, and names it.
    const executablePath = process.env['SALLYPORT_CHROMIUM'] ?? '/usr/bin/chromium';
    if (!existsSync(executablePath)) throw new Error('no Chromium: install it, or name one in SALLYPORT_CHROMIUM');
    const browser = await chromium.launch({ executablePath, args: flags });
    const page = await browser.newPage();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'usb', hasUserVerification: true, isUserVerified: true } as const;
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    const opened = new BrowserWithKey(browser, page, devtools, authenticatorId);
    page.on('console', (line) => {
      if (line.type() === 'error') opened.violations.push(line.text());
    });
    return opened;
  }

  /** Opens the page, presses its button, and waits for what the page says came of it. */
  async use(url: string): Promise<string> {
    await this.page.goto(url);
    await this.page.getByRole('button').click();
    await this.page.waitForSelector('main[data-state]', { timeout: 10_000 });
    return (await this.page.getAttribute('main', 'data-state')) ?? '';
  }

  /** Whether its person can be verified from now on. */
  async verifies(isUserVerified: boolean): Promise<void> {
    await this.devtools.send('WebAuthn.setUserVerified', { authenticatorId: this.authenticator, isUserVerified });
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
