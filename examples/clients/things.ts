/** What the API holds. */
export interface Thing {
  readonly name: string;
}

type Json<T> = { readonly content: { readonly "application/json": T } };

/** The API in the form in which openapi-typescript writes one. */
export interface paths {
  "/things": {
    get: { responses: { 200: Json<Thing[]> } };
    post: { requestBody: Json<Thing>; responses: { 201: Json<Thing> } };
  };
}
