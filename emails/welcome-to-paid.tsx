import { brand } from "./_components/brand.ts";
import { Layout } from "./_components/layout.tsx";
import { Button, Greeting, List, Paragraph, TextLink, Title } from "./_components/text.tsx";

export interface WelcomeToPaidProps {
  firstName: string | undefined;
  /** The plan's name: "Pro". */
  plan: string;
  /** The plan's features, as phrases: "unlimited reports". */
  unlocked: string[];
  billingUrl: string;
  appUrl: string;
}

/** Transactional: the facts of the new plan without marketing, because people who opted out of marketing get it too. */
export default function WelcomeToPaid({ firstName, plan, unlocked, billingUrl, appUrl }: WelcomeToPaidProps) {
  return (
    <Layout
      preheader={`Your ${plan} plan is active.`}
      because={`You get this because your ${brand.name} workspace is now on the ${plan} plan.`}
    >
      <Title>Welcome to {plan}</Title>
      <Greeting name={firstName} />
      <Paragraph>Thank you. Your {plan} plan is active.</Paragraph>
      <List intro="Your workspace now has:" items={unlocked} />
      <Button href={appUrl}>Open {brand.name}</Button>
      <Paragraph>Your invoices and payment details are on the billing page.</Paragraph>
      <TextLink href={billingUrl}>Go to billing</TextLink>
    </Layout>
  );
}

WelcomeToPaid.PreviewProps = {
  firstName: "Ada",
  plan: "Pro",
  unlocked: ["unlimited reports", "alerts for the whole team", "two years of history"],
  billingUrl: `${brand.appUrl}/settings/billing`,
  appUrl: brand.appUrl,
} satisfies WelcomeToPaidProps;
