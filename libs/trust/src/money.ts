/**
 * ISO 4217, list one: how many digits of an amount stand behind the point. It is written here and not asked of `Intl`, whose data
 * follow daily use (no fillér, no Iraqi fils) and change with the version of Node: the text would be wrong by a hundred, and the
 * digest of a view that holds it another on each machine.
 */
const digitsBehindPoint = new Map<string, number>(
  (
    [
      [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
      [
        2,
        'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU ' +
          'CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD ' +
          'KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO ' +
          'NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB ' +
          'TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG',
      ],
      [3, 'BHD IQD JOD KWD LYD OMR TND'],
      [4, 'CLF UYW'],
    ] as const
  ).flatMap(([digits, codes]) => codes.split(' ').map((code): [string, number] => [code, digits])),
);

/**
 * Minor units as people write money, `2,500.00 EUR`, exact to the last unit and the same on every machine. Undefined for what is no
 * whole number that a JSON number holds exactly, and for a currency that ISO 4217 does not list or lists without digits (XAU).
 */
export function moneyText(minor: unknown, currency: unknown): string | undefined {
  const digits = typeof currency === 'string' ? digitsBehindPoint.get(currency) : undefined;
  if (digits === undefined || typeof minor !== 'number' || !Number.isSafeInteger(minor)) return undefined;
  const figures = String(Math.abs(minor)).padStart(digits + 1, '0');
  const whole = figures.slice(0, figures.length - digits).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
  const behind = digits === 0 ? '' : `.${figures.slice(-digits)}`;
  return `${minor < 0 ? '-' : ''}${whole}${behind} ${String(currency)}`;
}
