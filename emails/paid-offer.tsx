import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { useTexts } from "./_components/reader-locale.ts";
import { Button, Greeting, Paragraph, Title } from "./_components/text.tsx";

export interface PaidOfferProps {
  firstName: string | undefined;
  /** A customer's result, as one true sentence. */
  proof: string;
  /** The offer, as a phrase: "20% off the first year". */
  offer: string;
  /** The last day of the offer, as the reader sees it: "12 December". */
  endsOn: string;
  upgradeUrl: string;
  /** Why the person gets the offer: a visit to the pricing page, or a trial. */
  reason: "pricing" | "trial";
}

export default function PaidOffer({ firstName, proof, offer, endsOn, upgradeUrl, reason }: PaidOfferProps) {
  const texts = useTexts(PaidOffer);
  return (
    <Layout preheader={texts.preheader(endsOn, offer)} because={texts.because[reason]}>
      <Title>{texts.title(offer)}</Title>
      <Greeting name={firstName} />
      <Paragraph>
        {texts.opening[reason]} {texts.others}
      </Paragraph>
      <Paragraph>{proof}</Paragraph>
      <Paragraph>{texts.offer(endsOn, offer)}</Paragraph>
      <Button href={upgradeUrl}>{texts.button}</Button>
    </Layout>
  );
}

PaidOffer.texts = {
  en: {
    preheader: (endsOn: string, offer: string) => `Until ${endsOn}: ${offer}.`,
    because: {
      pricing: `You get this because you looked at the prices of ${brand.name}.`,
      trial: `You get this because you started a trial of ${brand.name}.`,
    },
    title: (offer: string) => `Upgrade with ${offer}`,
    opening: {
      pricing: "You have had a look at our prices.",
      trial: `You have tried ${brand.name} for yourself.`,
    },
    others: "In case you are still deciding, this is what it did for others:",
    offer: (endsOn: string, offer: string) =>
      `If you upgrade by ${endsOn}, you get ${offer}. After that day the offer is over.`,
    button: "Upgrade your plan",
  },
  de: {
    preheader: (endsOn: string, offer: string) => `Bis zum ${endsOn}: ${offer}.`,
    because: {
      pricing: `Du bekommst diese E-Mail, weil du dir die Preise von ${brand.name} angesehen hast.`,
      trial: `Du bekommst diese E-Mail, weil du einen Testzeitraum bei ${brand.name} begonnen hast.`,
    },
    title: (offer: string) => `Jetzt wechseln: ${offer}`,
    opening: {
      pricing: "Du hast dir unsere Preise angesehen.",
      trial: `Du hast ${brand.name} selbst ausprobiert.`,
    },
    others: "Falls du noch überlegst: Das hat es anderen gebracht.",
    offer: (endsOn: string, offer: string) =>
      `Wenn du bis zum ${endsOn} wechselst, bekommst du ${offer}. Danach endet das Angebot.`,
    button: "Tarif wechseln",
  },
};

PaidOffer.PreviewProps = {
  firstName: "Ada",
  proof: "The support team at Northwind answers twice as many questions since it sees which ones come back.",
  offer: "20% off the first year",
  endsOn: "12 December",
  upgradeUrl: `${brand.appUrl}/upgrade?offer=first-year&from=email`,
  reason: "pricing",
} satisfies PaidOfferProps;
