import { Injectable } from '@nestjs/common';
import { CommonSettings } from '#platform';
import { placeOf, type Place } from '../core/ceremony.js';

/** Where people use their security keys. */
@Injectable()
export class Pages {
  readonly place: Place;

  constructor({ SALLYPORT_CREDENTIALS_URL: url }: CommonSettings) {
    this.place = placeOf(url);
  }

  urlOf(subject: string, secret: string): string {
    return `${this.place.url}/v1/step-up/${subject}?c=${secret}`;
  }
}
