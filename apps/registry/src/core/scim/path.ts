import { parseFilter, type Filter } from './filter.js';
import { fine, refused, type Outcome } from './outcome.js';
import { enterpriseAttributes, urns, type Attribute, type Shape } from './shapes.js';

/** Where a PATCH operation or a filter points (RFC 7644 section 3.5.2): `attribute`, `attribute.part`, `attribute[filter].part`. */
export interface Place {
  attribute: Attribute;
  part?: string;
  where?: Filter;
}

const mostCharacters = 2_048;
const outer = /^(?<name>[^[\]]+)(?:\[(?<where>[^]*)\](?:\.(?<part>[A-Za-z$][\w$-]*))?)?$/u;
const inner = /^(?:(?<urn>urn:[\w.:-]+):)?(?<name>[A-Za-z$][\w$-]*)(?:\.(?<part>[A-Za-z$][\w$-]*))?$/iu;

/** Never throws: what names no attribute of this resource is `invalidPath`. */
export function placeOf(shape: Shape, text: string): Outcome<Place> {
  if (text.length > mostCharacters) return refused('invalidPath', 'the path is too long');
  const { name = '', where, part }: Groups = outer.exec(text)?.groups ?? {};
  const attribute = attributeOf(shape, name);
  if (attribute === undefined)
    return refused('invalidPath', `${text.slice(0, 128)} names no attribute of this resource`);
  if (attribute.kind === 'ignored') return fine({ attribute });
  const { part: innerPart }: Groups = inner.exec(name)?.groups ?? {};
  return placeIn(attribute, { part: part ?? innerPart, where });
}

type Groups = Partial<Record<string, string>>;

const isExtension = (name: string): boolean => name.toLowerCase() === urns.enterprise.toLowerCase();

/** The extension named as a whole holds nothing that is kept. */
const extension: Attribute = { name: urns.enterprise, kind: 'ignored', parts: [] };

function attributeOf(shape: Shape, text: string): Attribute | undefined {
  if (isExtension(text)) return shape.urn === urns.user ? extension : undefined;
  const { urn, name = '' } = inner.exec(text)?.groups ?? {};
  const key = name.toLowerCase();
  if (urn === undefined || urn.toLowerCase() === shape.urn.toLowerCase()) return shape.attributes.get(key);
  return isExtension(urn) && shape.urn === urns.user ? enterpriseAttributes.get(key) : undefined;
}

interface Written {
  part: string | undefined;
  where: string | undefined;
}

function placeIn(attribute: Attribute, { part, where }: Written): Outcome<Place> {
  const known = attribute.parts.find((one) => one.toLowerCase() === part?.toLowerCase());
  if (part !== undefined && known === undefined) return refused('invalidPath', `${attribute.name} has no part ${part}`);
  const place = { attribute, ...(known !== undefined && { part: known }) };
  if (where === undefined) return fine(place);
  if (attribute.kind !== 'list') return refused('invalidPath', `${attribute.name} holds one value`);
  const filter = parseFilter(where);
  if (!filter.ok) return refused('invalidPath', `${attribute.name}[…]: ${filter.refusal.detail}`);
  const stranger = namesIn(filter.value).find((name) => !attribute.parts.some((one) => one.toLowerCase() === name));
  if (stranger !== undefined) return refused('invalidPath', `${attribute.name} has no part ${stranger}`);
  return fine({ ...place, where: filter.value });
}

function namesIn(filter: Filter): string[] {
  if ('left' in filter) return [...namesIn(filter.left), ...namesIn(filter.right)];
  return 'of' in filter ? namesIn(filter.of) : [filter.attribute.toLowerCase()];
}
