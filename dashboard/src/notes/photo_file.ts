// Photos of a phone, made small: at most 1600 pixels, a few hundred kilobytes, without the place and the camera in the file.

const SIDE_PX = 1600;
const QUALITY = 0.82;

/** Return a photo as a small JPEG; throws where the browser cannot read the file. */
export async function shrinkPhoto(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const small = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (small === null) throw new Error("canvas");
  return small;
}
