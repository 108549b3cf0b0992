import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
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

const words = {
  pricing: { opening: "You have had a look at our prices.", because: `looked at the prices of ${brand.name}` },
  trial: { opening: `You have tried ${brand.name} for yourself.`, because: `started a trial of ${brand.name}` },
} as const;

export default function PaidOffer({ firstName, proof, offer, endsOn, upgradeUrl, reason }: PaidOfferProps) {
  return (
    <Layout preheader={`Until ${endsOn}: ${offer}.`} because={`You get this because you ${words[reason].because}.`}>
      <Title>Upgrade with {offer}</Title>
      <Greeting name={firstName} />
      <Paragraph>{words[reason].opening} In case you are still deciding, this is what it did for others:</Paragraph>
      <Paragraph>{proof}</Paragraph>
      <Paragraph>
        If you upgrade by {endsOn}, you get {offer}. After that day the offer is over.
      </Paragraph>
      <Button href={upgradeUrl}>Upgrade your plan</Button>
    </Layout>
  );
}

PaidOffer.PreviewProps = {
  firstName: "Ada",
  proof: "The support team at Northwind answers twice as many questions since it sees which ones come back.",
  offer: "20% off the first year",
  endsOn: "12 December",
  upgradeUrl: `${brand.appUrl}/upgrade?offer=first-year&from=email`,
  reason: "pricing",
} satisfies PaidOfferProps;
